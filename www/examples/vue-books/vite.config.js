import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vite';

// What is built may be served below any path.
export default defineConfig({ base: './', plugins: [vue()] });
