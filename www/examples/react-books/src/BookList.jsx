import { useCollection } from 'resclient-wasm/react';
import { BookRow } from './BookRow.jsx';
import { RenderCount } from './RenderCount.jsx';

/** Renders when a book comes or goes. What is in a book is the business of its row. */
export function BookList() {
  const { data: rids, error, isStale } = useCollection('library.books', { select: ids });
  return (
    <section className="books" aria-busy={!rids} data-stale={isStale}>
      <div className="row">
        <h2>Books</h2>
        <RenderCount />
      </div>
      {error && (
        <p className="note" role="alert">
          {error.message}
        </p>
      )}
      <ul className="list">
        {rids?.map((rid) => (
          <BookRow key={rid} rid={rid} />
        ))}
      </ul>
    </section>
  );
}

const ids = (books) => books.map((book) => book.getResourceId());
