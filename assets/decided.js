// The list of what was decided: its buttons tell the server which one to delete.
element.addEventListener('click', (event) => {
  const one = event.target.closest('[data-remove]');
  if (one) trigger('remove', { id: one.dataset.remove });
  const all = event.target.closest('[data-remove-all]');
  if (all && window.confirm('Delete everything you decided? A voice that learnt from it stays as it is.')) trigger('remove_all');
});
