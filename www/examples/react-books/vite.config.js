import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// What is built may be served below any path.
export default defineConfig({ base: './', plugins: [react()] });
