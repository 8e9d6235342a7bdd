// A visitor's place in the line for the one machine, in words: Gradio says it as "queue: 2/5 | 3.1s" where this component stands.
const place = element.querySelector('.place-in-line'), line = element.closest('.block');
new MutationObserver(() => {
  const [, number, of] = line.textContent.match(/queue: (\d+)\/(\d+)/) ?? [];
  const said = number ? `Others are being served; you are number ${number} of ${of} in line.` : '';
  if (place.textContent !== said) place.textContent = said;
}).observe(line, { subtree: true, childList: true, characterData: true });
