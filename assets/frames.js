// Gradio's loading screen counts seconds sixty times a second, and goes on when it is long gone: for every page that is open, a
// fourteenth of the core that a voice learns on.  What counts seconds is shown four times a second instead; all else as ever.
// It comes before Gradio's own scripts, for they take hold of this function as they begin.
(() => {
  const frame = window.requestAnimationFrame.bind(window);
  const counts = (step) => /performance\.now\(\)-/.test(step.toString());
  window.requestAnimationFrame = (step) => (counts(step) ? setTimeout(() => step(performance.now()), 250) : frame(step));
})();
