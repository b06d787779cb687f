import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import ResClient from 'resclient-wasm';
import { ResProvider } from 'resclient-wasm/react';
import { AddBook } from './AddBook.jsx';
import { BookList } from './BookList.jsx';
import { ConnectionState } from './ConnectionState.jsx';

const client = new ResClient(import.meta.env.VITE_GATEWAY ?? 'ws://localhost:8080');

createRoot(document.querySelector('#books')).render(
  <StrictMode>
    <ResProvider client={client}>
      <ConnectionState />
      <AddBook />
      <BookList />
    </ResProvider>
  </StrictMode>,
);
