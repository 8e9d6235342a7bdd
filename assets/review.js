// Draft beside rewrite.  What is pressed goes to the server, which sends the columns anew; the sentence in hand stays open and
// the keyboard stays where it was.
let hand = null;  // [unit, what was pressed] until the answer is here

const unitOf = (node) => node.closest('details[data-unit]');
function edit(unit, open) {
  unit.querySelector('.edit').hidden = !open;
  unit.querySelector('[data-open-edit]').setAttribute('aria-expanded', String(open));
  (open ? unit.querySelector('textarea') : unit.querySelector('[data-open-edit]')).focus();
}

function act(unit, what) {
  const number = Number(unit.dataset.unit);
  hand = [number, what];
  trigger('act', { unit: number, what, text: what === 'edit' ? unit.querySelector('textarea').value : '' });
}

element.addEventListener('click', (event) => {
  const button = event.target.closest('button');
  if (!button) return;
  if ('copy' in button.dataset) return copy(button, element.querySelector(`[data-text="${button.dataset.copy}"]`).textContent);
  if ('clear' in button.dataset) return trigger('put_away');
  const unit = unitOf(button);
  if (!unit) return;
  if ('act' in button.dataset) act(unit, button.dataset.act);
  else edit(unit, 'openEdit' in button.dataset);
});

element.addEventListener('keydown', (event) => {
  const unit = unitOf(event.target);
  if (!unit) return;
  const typing = event.target.tagName === 'TEXTAREA';
  if (event.key === 'Escape') {
    if (typing) edit(unit, false);
    else if (unit.open) { unit.open = false; unit.querySelector('summary').focus(); }
    event.stopPropagation();
  } else if (typing && event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.stopPropagation();
    act(unit, 'edit');
  } else if (!typing && (event.key === 'ArrowDown' || event.key === 'ArrowUp') && event.target.tagName === 'SUMMARY') {
    const all = [...element.querySelectorAll('details[data-unit] > summary')];
    const next = all[all.indexOf(event.target) + (event.key === 'ArrowDown' ? 1 : -1)];
    if (next) { next.focus(); event.preventDefault(); }
  }
});

watch('value', () => {
  if (!hand) return;
  const [number, what] = hand;
  requestAnimationFrame(() => {
    const unit = element.querySelector(`details[data-unit="${number}"]`);
    if (!unit) return;
    if (what === 'another') unit.open = true;  // what is decided closes, and the keyboard goes on from there
    hand = null;
    (unit.querySelector(what === 'another' ? '[data-act="another"]' : 'summary') || unit.querySelector('summary')).focus();
  });
});
