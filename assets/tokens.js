// A text token by token, and the place in hand: what is pressed goes to the server.  Among the tokens the arrow keys move, so that
// a text of hundreds of them is one stop of the tab key.
element.addEventListener('click', async (event) => {
  const button = event.target.closest('[data-copy]');
  if (button) return copy(button, element.querySelector('[data-text]').textContent);
  const token = event.target.closest('[data-at]');
  if (token) return take(token);
  const option = event.target.closest('[data-id]');
  if (option) trigger('go_on', { id: Number(option.dataset.id) });
});

element.addEventListener('keydown', (event) => {
  const token = event.target.closest('[data-at]');
  if (!token) return;
  const all = [...element.querySelectorAll('[data-at]')], at = all.indexOf(token);
  const to = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    const next = all[Math.max(0, Math.min(to, all.length - 1))];
    token.tabIndex = -1; next.tabIndex = 0; next.focus();
  } else if (event.key === 'Enter' || event.key === ' ') {
    event.preventDefault();
    event.stopPropagation();
    take(token);
  }
});

function take(token) {
  element.querySelectorAll('[data-at].here').forEach((other) => other.classList.remove('here'));
  element.querySelectorAll('[data-at]').forEach((other) => { other.tabIndex = other === token ? 0 : -1; });
  token.classList.add('here');
  document.body.dataset.look = 'asked';
  trigger('look', { at: Number(token.dataset.at) });
}

watch('value', () => {
  if (document.body.dataset.look !== 'asked' || !element.querySelector('.place')) return;
  delete document.body.dataset.look;
  const still = window.matchMedia('(prefers-reduced-motion: reduce)').matches;
  requestAnimationFrame(() => element.scrollIntoView({ block: 'nearest', behavior: still ? 'auto' : 'smooth' }));
});
