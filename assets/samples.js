// What the model wrote at each measurement, from noise to voice: one text, and a slider to go back along it.
const box = element.querySelector('.samples');
const make = (tag, name) => { const made = document.createElement(tag); if (name) made.className = name; return made; };

const slider = make('input');
slider.type = 'range'; slider.min = 0; slider.step = 1;
slider.setAttribute('aria-label', 'Which sample to show, from the first to the latest');
const ends = make('div', 'ends');
ends.append(Object.assign(make('span'), { textContent: 'noise' }), Object.assign(make('span'), { textContent: 'voice' }));
const caption = make('p', 'quiet');
const text = make('p', 'read');
box.append(text, caption, slider, ends);

let samples = [], prompt = '', following = true;

function show() {
  const sample = samples[Number(slider.value)];
  box.hidden = !sample;
  if (!sample) return;
  const given = Object.assign(make('span', 'given'), { textContent: prompt });
  const written = Object.assign(make('span', 'voice'), { textContent: sample.text.replace(/\n{3,}/g, '\n\n') });
  text.replaceChildren(given, written);
  caption.textContent = [sample.at, sample.figure].filter(Boolean).join(' · ');
  slider.setAttribute('aria-valuetext', caption.textContent);
  const many = samples.length > 1;
  slider.hidden = ends.hidden = !many;
}

function update() {
  const data = props.value ? JSON.parse(props.value) : { samples: [], prompt: '' };
  samples = data.samples; prompt = data.prompt;
  slider.max = Math.max(0, samples.length - 1);
  if (following || Number(slider.value) >= samples.length) slider.value = slider.max;
  show();
}

slider.addEventListener('input', () => { following = slider.value === slider.max; show(); });
update();
watch('value', update);
