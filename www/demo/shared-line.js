import { flash } from './flash.js';
import { note, reason } from './note.js';

/** One line of text that every window shows and may write, keystroke by keystroke. */
export async function sharedLine(client, section) {
  const input = section.querySelector('input');
  const warning = section.querySelector('.note');
  const model = await client.get('text.shared');
  let sending = false;

  const show = () => {
    // While something of ours is under way, the text on the page is newer than the model.
    if (sending || input.value === model.message) return;
    input.value = model.message ?? '';
    flash(input);
  };

  /** Sends the newest text; what is typed meanwhile goes out together when the answer is there. */
  const send = async () => {
    if (sending) return;
    sending = true;
    try {
      let sent;
      do {
        sent = input.value;
        await model.set({ message: sent });
      } while (input.value !== sent);
      note(warning);
      sending = false;
      show();
    } catch (error) {
      note(warning, reason(error));
    } finally {
      sending = false;
    }
  };

  input.value = model.message ?? '';
  input.disabled = false;
  input.addEventListener('input', send);
  input.addEventListener('keydown', (event) => event.key === 'Enter' && send());
  model.on('change', show);
}
