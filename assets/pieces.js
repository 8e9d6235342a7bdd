// The list of pieces: its buttons tell the server which one to remove.
element.addEventListener('click', (event) => {
  const one = event.target.closest('[data-remove]');
  if (one) trigger('remove', { id: one.dataset.remove });
  const all = event.target.closest('[data-remove-all]');
  if (all && window.confirm('Remove all of your writing from vibejam? Your own files stay as they are.')) trigger('remove_all');
});
