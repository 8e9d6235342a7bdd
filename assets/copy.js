// A "Copy" button inside this component copies the text beside it, and says so.
element.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (!button) return;
  const text = element.querySelector('[data-text]').textContent;
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // over plain http from another machine there is no clipboard to ask
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  button.textContent = 'Copied';
  setTimeout(() => { button.textContent = 'Copy'; }, 1500);
});
