import { memo } from 'react';
import { useCall } from 'resclient-wasm/react';

/** A button that is out of use while the book is being deleted. */
export const DeleteBook = memo(function DeleteBook({ id, title }) {
  const { call, isPending, error } = useCall('library.books', 'delete');
  return (
    <button
      className="button"
      type="button"
      disabled={isPending}
      title={error?.message}
      aria-label={`Delete ${title}`}
      onClick={() => void call({ id })}
    >
      Delete
    </button>
  );
});
