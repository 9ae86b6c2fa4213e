import assert from 'node:assert/strict';
import { test } from 'node:test';
import { remembering } from '../../src/repo/remembering.ts';

const id = (digit: string): string => digit.repeat(40);

test('what follows from full ids is asked for once; names are asked for anew, errors again, and old answers go', async () => {
  const asked: string[] = [];
  let isBroken = true;
  const answers = remembering(
    async (pair: readonly string[]) => {
      asked.push(pair.map((each) => each.slice(0, 4)).join(' '));
      if (isBroken) throw new Error('gone');
      return asked.length;
    },
    (pair) => pair,
    2,
  );
  await assert.rejects(answers([id('a'), id('b')]), /gone/);
  isBroken = false;
  const first = await answers([id('a'), id('b')]);
  assert.equal(await answers([id('a'), id('b')]), first);
  assert.notEqual(await answers([id('b'), id('a')]), first, 'another order is another question');
  assert.notEqual(await answers(['main', id('a')]), await answers(['main', id('a')]));
  assert.equal(await answers([id('a'), id('b')]), first);
  await answers([id('c')]);
  assert.equal(await answers([id('a'), id('b')]), first, 'the one that was not asked for longest went');
  assert.deepEqual(asked, ['aaaa bbbb', 'aaaa bbbb', 'bbbb aaaa', 'main aaaa', 'main aaaa', 'cccc']);
});

test('an answer that git could not give is asked for again', async () => {
  const answers = [undefined, 'there'];
  const ask = remembering(
    async () => answers.shift(),
    (commit: string) => [commit],
  );
  assert.deepEqual([await ask(id('a')), await ask(id('a')), await ask(id('a'))], [undefined, 'there', 'there']);
});
