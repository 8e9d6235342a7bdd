// Hands what it holds to the chart, which stands beside it and is drawn anew far more often.
const hand = () => document.dispatchEvent(new CustomEvent('vibejam-overlay', { detail: props.value }));
watch('value', hand);
