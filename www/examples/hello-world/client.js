import ResClient from '/pkg/index.js';

const client = new ResClient('/');
const message = document.getElementById('message');

client.get('example.model').then(
  (model) => {
    const show = () => (message.textContent = model.message);
    model.on('change', show);
    show();
  },
  (error) => (message.textContent = error.message),
);
