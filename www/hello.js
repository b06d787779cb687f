import ResClient from '/pkg/index.js';

const client = new ResClient(location.origin.replace('http', 'ws') + '/');
const page = (id) => document.getElementById(id);

client.get('example.model').then((model) => {
  const show = () => (page('message').textContent = model.message);
  model.on('change', show);
  show();

  page('form').addEventListener('submit', (event) => {
    event.preventDefault();
    model.set({ message: page('input').value }).catch((error) => (page('note').textContent = error.message));
  });
});
