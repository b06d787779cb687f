import { memo } from 'react';
import { useModel } from 'resclient-wasm/react';
import { DeleteBook } from './DeleteBook.jsx';
import { RenderCount } from './RenderCount.jsx';
import { TitleField } from './TitleField.jsx';

/** Renders when its book changes. It has no other props than the ID, so a list with another book in it does not render this one. */
export const BookRow = memo(function BookRow({ rid }) {
  const { data: book, error } = useModel(rid);
  return (
    <li className="card pad" data-rid={rid}>
      <div className="row">
        <span>{book ? `${book.title} by ${book.author}` : (error?.message ?? '…')}</span>
        <RenderCount />
      </div>
      {book && (
        <div className="row">
          <TitleField rid={rid} title={book.title} />
          <DeleteBook id={book.id} title={book.title} />
        </div>
      )}
    </li>
  );
});
