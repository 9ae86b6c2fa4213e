import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Secret } from '../../src/core/index.ts';
import { openSpillIn } from '../../src/journal/index.ts';
import { createOutput, type Spill } from '../../src/engine/local/output.ts';
import { createLines, LONGEST_LINE } from '../../src/engine/local/lines.ts';
import { create, drive, graphOf, hostKind, hostRule, node, RUN_ID, temporaryJournal } from './support.ts';

test('lines come whole however they are cut, and no line is too long', () => {
  const lines = createLines();
  const text = `one\r\ntwo\n\n${'x'.repeat(2 * LONGEST_LINE + 5)}\n😀last`;
  const out: string[] = [];
  for (const char of text.match(/.{1,7}/gsu) ?? []) out.push(...lines.push(char));
  out.push(...lines.end());
  assert.deepEqual(out.slice(0, 3), ['one', 'two', '']);
  assert.equal(out.slice(3, 6).join(''), 'x'.repeat(2 * LONGEST_LINE + 5));
  assert.equal(out.at(-1), '😀last');
  assert.ok(out.every((line) => line.length <= LONGEST_LINE));
  const halves = createLines().push(`${'x'.repeat(LONGEST_LINE - 1)}😀${'y'.repeat(LONGEST_LINE)}\n`);
  assert.ok(
    halves.every((line) => !/[\uD800-\uDBFF]$/.test(line)),
    'no character is cut in two',
  );
});

interface Kept extends Spill {
  text: string;
  end?: boolean;
}
function spillOf(fail = Infinity): Kept {
  const spill: Kept = {
    text: '',
    place: 'output/x',
    write: (text) => {
      if (spill.text.length + text.length > fail) throw new Error('no space left');
      spill.text += text;
    },
    close: (keep) => void (spill.end = keep),
  };
  return spill;
}

test('short output is in the log and nowhere else', () => {
  const log: string[] = [];
  let opened = 0;
  const output = createOutput({ log: (line) => log.push(line), open: () => (opened++, spillOf()), budget: { used: 0 } });
  output.push('one\ntw');
  output.push('o\nthree');
  output.end();
  assert.deepEqual([log, opened], [['one', 'two', 'three'], 0]);
});

test('long output has both ends in the log, and all of it in a file', () => {
  const log: string[] = [];
  const spill = spillOf();
  const output = createOutput({ log: (line) => log.push(line), open: () => spill, budget: { used: 0 } });
  const text = Array.from({ length: 60_000 }, (_, index) => `line ${index}`).join('\n');
  for (let at = 0; at < text.length; at += 1_000) output.push(text.slice(at, at + 1_000));
  output.end();
  assert.equal(spill.text, text);
  assert.equal(spill.end, true);
  assert.equal(log[0], 'line 0');
  assert.equal(log.at(-1), 'line 59999');
  const mark = log.find((line) => line.startsWith('['));
  assert.match(mark ?? '', /^\[\d+ characters are left out here; all of them are in output\/x\]$/);
  assert.ok(log.join('\n').length < 80_000);
});

test('what is only a little too long is all in the log after all, and its file goes', () => {
  const log: string[] = [];
  const spill = spillOf();
  const output = createOutput({ log: (line) => log.push(line), open: () => spill, budget: { used: 0 } });
  const text = Array.from({ length: 700 }, (_, index) => `${index}`.padEnd(99, '.')).join('\n');
  for (let at = 0; at < text.length; at += 333) output.push(text.slice(at, at + 333));
  output.end();
  assert.deepEqual([log.join('\n'), spill.end], [text, false]);
});

test('a file that cannot be written does not stop anybody, and the log says how much there is', () => {
  const log: string[] = [];
  const output = createOutput({ log: (line) => log.push(line), open: () => spillOf(100_000), budget: { used: 0 } });
  for (let turn = 0; turn < 30; turn++) output.push(`${'z'.repeat(9_999)}\n`);
  output.end();
  assert.match(log.find((line) => line.startsWith('[')) ?? '', /the first \d+ are in output\/x\]$/);
  const none: string[] = [];
  const without = createOutput({ log: (line) => none.push(line), open: undefined, budget: { used: 0 } });
  without.push('q'.repeat(200_000));
  without.end();
  assert.match(none.find((line) => line.startsWith('[')) ?? '', /characters are left out here\]$/);
});

test('a run that has said very much keeps only the ends of what comes after', () => {
  const log: string[] = [];
  const budget = { used: 65 << 20 };
  const output = createOutput({ log: (line) => log.push(line), open: () => spillOf(), budget });
  output.push('w'.repeat(50_000));
  output.end();
  assert.ok(log.join('').length < 20_000, `${log.join('').length}`);
});

test('what a host prints is masked across pieces, in the log and in the file; NUL and all', async () => {
  const SECRET = 'sup3r-s3cret-value';
  await using place = temporaryJournal();
  const { journal, dir } = place;
  const inputs = { token: { $secret: await journal.seal(RUN_ID, new Secret(SECRET)) } };
  const kind = hostKind(async ({ host, output }) => {
    if (!output) throw new Error('no output');
    if (host.name === 'h1') {
      output('nul \0 sup3r-');
      output('s3cret-value é');
      output('\u{1F600}\n');
      output('to stderr', 'stderr');
    } else for (let turn = 0; turn < 3_000; turn++) output(turn % 2 === 0 ? `${'a'.repeat(50)}sup3r-s3c` : `ret-value${'b'.repeat(50)}\n`);
  });
  const graph = graphOf([node('one/a', { uses: 'test.hosts', with: { token: '${{ inputs.token }}' }, hosts: hostRule(['h1', 'h2/../x']) })]);
  const setting = { journal, kinds: [kind], graph, inputs, openSpill: openSpillIn(dir) };
  await create(setting);
  assert.equal((await drive(setting)).state, 'succeeded');
  const logs = await journal.logs(RUN_ID);
  assert.deepEqual(
    logs.filter(({ host }) => host === 'h1').map(({ text, stream }) => `${stream} ${text}`),
    ['stdout nul ␀ [secret] é\u{1F600}', 'stderr to stderr'],
  );
  const mark = logs.find(({ text }) => text.includes('left out'))?.text ?? '';
  const file = join(dir, / are in (\S+)\]$/.exec(mark)?.[1] ?? 'none');
  const kept = readFileSync(file, 'utf8');
  assert.equal(kept, `${'a'.repeat(50)}[secret]${'b'.repeat(50)}\n`.repeat(1_500));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.ok(!JSON.stringify(logs).includes('s3cret') && !kept.includes('s3cret'));
  assert.deepEqual(readdirSync(join(dir, 'output', RUN_ID, 'one%2fa')), ['h2%2f..%2fx.1.stdout']);
});

test('a file is not written over by an attempt that begins again on the host', async () => {
  await using place = temporaryJournal();
  const open = openSpillIn(place.dir);
  const name = { runId: RUN_ID, path: 'one/a', attempt: 1, host: '..', stream: 'stdout' };
  const [first, second] = [open(name), open(name)];
  first.write('first');
  second.write('second');
  first.close(true);
  second.close(true);
  assert.notEqual(first.place, second.place);
  assert.equal(readFileSync(join(place.dir, first.place), 'utf8'), 'first');
  assert.equal(join(place.dir, first.place).startsWith(join(place.dir, 'output', RUN_ID)), true);
});
