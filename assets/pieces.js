// The list of pieces: its buttons tell the server which one to remove.
element.addEventListener('click', (event) => {
  const one = event.target.closest('[data-remove]');
  if (one) trigger('remove', { id: one.dataset.remove });
  if (event.target.closest('[data-mask]')) trigger('mask');
  const runs = event.target.closest('[data-remove-runs]');
  if (runs && window.confirm('Delete every run, with its model and its curve?')) trigger('remove_runs');
  const all = event.target.closest('[data-remove-all]');
  if (all && window.confirm('Remove all of your writing, and what you decided about rewrites, from vibejam? Your own files stay as they are.')) trigger('remove_all');
});
