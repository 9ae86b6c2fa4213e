import { systemClock } from '../../src/core/index.ts';
import { openJournal } from '../../src/journal/index.ts';
import { type Body, leaseOf, RUN } from './support.ts';

// Opens a journal, appends to it, and prints the code of what goes wrong.
const [dir = ''] = process.argv.slice(2);
try {
  await using journal = openJournal<Body>({ dir, clock: systemClock });
  await journal.create(RUN, { type: 'first' });
  await journal.append(RUN.id, [{ type: 'x' }], await leaseOf(journal));
  process.stdout.write('ok');
} catch (cause) {
  process.stdout.write(cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause));
}
