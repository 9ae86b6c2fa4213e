import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cutTo, openScreen } from '../../src/cli/screen.ts';

/** What a terminal shows after these bytes: it knows line feeds, moving up, and clearing below. */
function shown(bytes: string): readonly string[] {
  const rows: string[] = [''];
  let row = 0;
  for (let at = 0; at < bytes.length; at++) {
    const up = /^\u001B\[(\d+)A/.exec(bytes.slice(at)); // oxlint-disable-line no-control-regex
    if (up !== null) {
      row -= Number(up[1]);
      at += up[0].length - 1;
    } else if (bytes.startsWith('\u001B[0J', at)) {
      rows.splice(row, rows.length, '');
      at += 3;
    } else if (bytes[at] === '\n') {
      row += 1;
      rows[row] ??= '';
    } else {
      rows[row] += bytes[at] ?? '';
    }
  }
  return rows.slice(0, -1);
}

test('drawn lines stay below the lines that stay, and go away at the end', () => {
  let bytes = '';
  const screen = openScreen({ write: (text) => (bytes += text), redraw: true, columns: 20, rows: 24 });
  screen.add(['one']);
  screen.draw(['a 1 s', 'b 1 s']);
  screen.draw(['a 2 s', 'b 2 s']);
  assert.deepEqual(shown(bytes), ['one', 'a 2 s', 'b 2 s']);
  screen.add(['two']);
  assert.deepEqual(shown(bytes), ['one', 'two', 'a 2 s', 'b 2 s']);
  screen.draw(['b 3 s']);
  assert.deepEqual(shown(bytes), ['one', 'two', 'b 3 s']);
  screen[Symbol.dispose]();
  assert.deepEqual(shown(bytes), ['one', 'two']);
});

test('nothing is written when nothing changed, and nothing is drawn where nothing can be redrawn', () => {
  const writes: string[] = [];
  const screen = openScreen({ write: (text) => void writes.push(text), redraw: true, columns: 20, rows: 24 });
  screen.draw(['same']);
  screen.draw(['same']);
  assert.equal(writes.length, 1);
  const plain = openScreen({ write: (text) => void writes.push(text), redraw: false, columns: 20, rows: 24 });
  plain.draw(['drawn']);
  plain.add(['said']);
  assert.deepEqual(writes.slice(1), ['said\n']);
});

test('a line is cut to the width of the terminal; colours take no room', () => {
  assert.equal(cutTo('0123456789', 4), '0123');
  assert.equal(cutTo('0123', 4), '0123');
  assert.equal(cutTo('\u001B[1mbold\u001B[22m and more', 6), '\u001B[1mbold\u001B[22m a\u001B[0m');
});
