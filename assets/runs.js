// Past runs: what is pressed goes to the server with the name of its row; a row that is open stays open when the table comes anew.
let open = null;
const laid = new Set();  // the runs whose curves lie over the one that is shown

function unfold() {
  for (const row of element.querySelectorAll('tr[data-run]')) {
    const shown = row.dataset.run === open;
    row.nextElementSibling.hidden = !shown;
    row.querySelector('[data-more]').setAttribute('aria-expanded', String(shown));
    const tick = row.nextElementSibling.querySelector('[data-compare]');
    if (tick) tick.checked = laid.has(row.dataset.run);
    else if (laid.delete(row.dataset.run)) lay();  // it is the one shown now
  }
}

function lay() {
  while (laid.size > 3) laid.delete(laid.values().next().value);
  trigger('act', { run: '', what: 'compare', format: '', title: '', runs: [...laid] });
}

const nameOf = (node) => {
  const row = node.closest('tr');
  return (row.dataset.run ? row : row.previousElementSibling).dataset.run;
};

element.addEventListener('click', (event) => {
  const more = event.target.closest('[data-more]');
  if (more) {
    open = open === nameOf(more) ? null : nameOf(more);
    return unfold();
  }
  const button = event.target.closest('button[data-act]');
  if (!button) return;
  const what = button.dataset.act;
  if (what === 'delete' && !window.confirm('Delete this run, its model and its curve?')) return;
  trigger('act', { run: nameOf(button), what, format: button.dataset.format || '', title: '', runs: [] });
});

element.addEventListener('change', (event) => {
  if (!('compare' in event.target.dataset)) return;
  if (event.target.checked) laid.add(nameOf(event.target));
  else laid.delete(nameOf(event.target));
  lay();
  unfold();
});

element.addEventListener('submit', (event) => {
  event.preventDefault();
  trigger('act', { run: nameOf(event.target), what: 'rename', format: '', title: event.target.querySelector('input').value, runs: [] });
});

watch('value', () => requestAnimationFrame(unfold));
