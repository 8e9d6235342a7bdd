// What a person's hands expect of any page: addresses of tabs and the back button, Ctrl+Enter and Esc, files dropped anywhere on
// Write, a title that shows how far a run is, and a page that comes back by itself when the program does.
const tabs = () => [...document.querySelectorAll('#tabs [role=tab]')];
const nameOf = (tab) => tab.textContent.trim().toLowerCase();
const current = () => tabs().find((tab) => tab.getAttribute('aria-selected') === 'true');
const panel = () => [...document.querySelectorAll('#tabs [role=tabpanel]')].find((each) => each.checkVisibility());
const first = (selector) => [...(panel()?.querySelectorAll(selector) ?? [])].find((button) => button.checkVisibility() && !button.disabled);

// the tab in the address: links lead to it, back returns to the one before, a reload stays
function open() {
  const wanted = tabs().find((tab) => `#${nameOf(tab)}` === (location.hash || '#write'));
  if (wanted && wanted !== current()) wanted.click();
}
function note() {
  tabs().forEach((tab) => { if (tab.dataset.name !== nameOf(tab)) tab.dataset.name = nameOf(tab); });
  const tab = current();
  if (!tab || opening || `#${nameOf(tab)}` === (location.hash || '#write')) return;
  history.pushState(null, '', `#${nameOf(tab)}`);
}
let opening = true;
const ready = setInterval(() => {
  if (!tabs().length) return;
  clearInterval(ready);
  open();
  new MutationObserver(note).observe(document.querySelector('#tabs'), { subtree: true, childList: true, attributeFilter: ['aria-selected'] });
  setTimeout(() => { opening = false; note(); }, 300);
}, 50);
window.addEventListener('popstate', open);

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.isComposing) return;
  let button = null;
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    button = event.target.closest('#paste') ? document.querySelector('#add-pasted') : first('button.primary');
  } else if (event.key === 'Escape' && event.target.getAttribute('role') !== 'listbox' && event.target.getAttribute('aria-expanded') !== 'true') {
    button = first('#stop-writing, #stop-rewriting, #pause');  // learning is paused, for that loses nothing
  }
  if (!button) return;
  event.preventDefault();
  if (event.target.blur && event.key === 'Enter') event.target.dispatchEvent(new Event('change', { bubbles: true }));
  button.click();
});

// a file that misses the box is meant for it all the same, and anywhere else it must not replace the page
const holdsFiles = (event) => event.dataTransfer?.types.includes('Files');
const onWrite = () => current() && nameOf(current()) === 'write';
let leaving = 0;
document.addEventListener('dragover', (event) => {
  if (!holdsFiles(event)) return;
  event.preventDefault();
  document.body.classList.toggle('dropping', onWrite());
  clearTimeout(leaving);
  leaving = setTimeout(() => document.body.classList.remove('dropping'), 400);
});
document.addEventListener('drop', async (event) => {
  if (!holdsFiles(event) || event.defaultPrevented || (event.target.closest?.('#drop') && emptyBox())) return;
  event.preventDefault();
  if (!onWrite()) return;
  const entries = [...event.dataTransfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = entries.length ? (await Promise.all(entries.map(within))).flat() : [...event.dataTransfer.files];
  if (files.length) dropped = dropped.then(() => handOver(files)).catch(console.error);  // the next ones come all the same
});
let dropped = Promise.resolve();  // what was dropped first goes first
const emptyBox = () => !document.querySelector('#drop .file-preview') && document.querySelector('#drop input[type=file]');
const when = async (come, looks = Infinity) => {
  for (let look = 0; look < looks && !come(); look += 1) await new Promise((done) => setTimeout(done, 50));
};
async function handOver(files) {  // the box takes no more until what it holds is read
  await when(emptyBox);
  const all = new DataTransfer(), input = emptyBox();
  files.forEach((file) => all.items.add(file));
  input.files = all.files;
  input.dispatchEvent(new Event('change', { bubbles: true }));
  await when(() => !emptyBox(), 40);  // it may have been read before anyone looked
}
async function within(entry) {  // every file in a folder that was dropped
  if (entry.isFile) return new Promise((done) => entry.file((file) => done([file]), () => done([])));
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((done) => reader.readEntries(done, () => done([])));
    if (!some.length) return (await Promise.all(found.map(within))).flat();
    found.push(...some);
  }
}

// what is being written would be lost with the page; learning would not
window.addEventListener('beforeunload', (event) => {
  const busy = [...document.querySelectorAll('#stop-writing, #stop-rewriting')].some((button) => button.checkVisibility());
  if (busy && !away) event.preventDefault();
});

let was = '', finished = '';
function title() {
  const about = element.querySelector('[data-pulse]'), now = about?.dataset.pulse ?? '';
  if (now === 'done' && was === 'alive') finished = 'Done';
  if (now === 'alive') finished = '';
  was = now;
  document.title = [about?.dataset.title || finished, 'vibejam'].filter(Boolean).join(' · ');
}
document.addEventListener('visibilitychange', () => { if (!document.hidden && finished) { finished = ''; title(); } });
watch('value', () => requestAnimationFrame(title));
title();

// the program was closed, or the laptop slept: say so, and come back when it does
let away = null;
async function ask() {
  let id = null;
  try {
    const answer = await fetch('gradio_api/app_id', { cache: 'no-store' });
    if (answer.ok) id = (await answer.json()).app_id;
  } catch { /* nobody there */ }
  if (id !== null && id !== window.gradio_config?.app_id) { away = away ?? true; location.reload(); return; }
  if (id === null && !away) {
    away = Object.assign(document.createElement('p'), { className: 'away', textContent: 'vibejam does not answer. Start it again; this page comes back by itself, and a run that was going on can be resumed.' });
    away.setAttribute('role', 'alert');
    document.body.append(away);
  } else if (id !== null && away) {
    away.remove();
    away = null;
  }
}
setInterval(() => { if (!document.hidden || was === 'alive') ask(); }, 5000);
