// To the clipboard, and the button says so for a moment.
async function copy(button, text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // over plain http from another machine there is no clipboard to ask
    const area = Object.assign(document.createElement('textarea'), { value: text });
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  const said = button.textContent;
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = said; }, 1500);
}

