import ResClient from '/pkg/index.js';

const client = new ResClient(location.origin.replace('http', 'ws') + '/');
const page = (id) => document.getElementById(id);

client.get('example.model').then((model) => {
  const show = () => (page('message').textContent = model.message);
  model.on('change', show);
  show();

  const say = (text) => (page('note').textContent = text);
  page('form').addEventListener('submit', (event) => {
    event.preventDefault();
    model.set({ message: page('input').value }).then(
      () => say(''),
      (error) => say(error.message),
    );
  });
});
