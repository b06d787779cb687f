import { useCall } from 'resclient-wasm/react';
import { RenderCount } from './RenderCount.jsx';

/** A form for a new book. The list hears of it from the service, as every other window does. */
export function AddBook() {
  const { call, isPending, error } = useCall('library.books', 'new');

  const add = async (event) => {
    event.preventDefault();
    const form = event.target;
    const { title, author } = form.elements;
    try {
      await call({ title: title.value, author: author.value });
      form.reset();
    } catch {
      // It is shown as `error`, and what was written stays.
    }
  };

  return (
    <form className="card pad" onSubmit={add}>
      <div className="fields">
        <label>
          Title
          <input name="title" autoComplete="off" required />
        </label>
        <label>
          Author
          <input name="author" autoComplete="off" required />
        </label>
      </div>
      <div className="row">
        <button className="button primary" disabled={isPending}>
          Add
        </button>
        <RenderCount />
      </div>
      <p className="note" role="alert">
        {error?.message}
      </p>
    </form>
  );
}
