import ResClient from 'resclient-wasm';
import { resClient } from 'resclient-wasm/vue';
import { createApp } from 'vue';
import App from './App.vue';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');

createApp(App).use(resClient(client)).mount('#books');
