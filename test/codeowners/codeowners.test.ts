import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OwnersSyntax, parseCodeowners } from '../../src/codeowners/index.ts';

/** `@a, @b (2)` per group, groups in order. */
function told(syntax: OwnersSyntax, text: string, path: string): string {
  return parseCodeowners(text, syntax)
    .ownersOf(path)
    .map(({ owners, required, section }) => `${section === undefined ? '' : `${section}: `}${owners.join(' ')}${required > 1 ? ` (${required})` : ''}`)
    .join(' & ');
}

test('GitHub: the last line that matches counts; patterns as in .gitignore, but a star in a folder stays there', () => {
  const text = [
    '# everybody',
    '*            @everybody',
    '*.js         @js-people # and a comment',
    '/build/logs/ @builders',
    'docs/*       writer@example.org',
    'apps/        @org/apps',
    '/scripts/    @one @two',
    '**/logs      @loggers',
    '/apps/github',
    'deep/**      @deep',
    'with\\ space  @spaced',
  ].join('\n');
  const cases = {
    'README.md': '@everybody',
    'src/a/b.js': '@js-people',
    'build/logs/x/y': '@loggers',
    'build/logs2/x': '@everybody',
    'other/build/logs': '@loggers',
    'docs/start.md': 'writer@example.org',
    'docs/deep/trouble.md': '@everybody',
    'x/docs/start.md': '@everybody',
    'x/apps/y/z': '@org/apps',
    'scripts/run': '@one @two',
    'x/scripts/run': '@everybody',
    'apps/github/x': '',
    'deep/a': '@deep',
    'with space': '@spaced',
    // A dot is a dot, and a name that ends like a pattern is not the pattern.
    'x/bjs': '@everybody',
  };
  for (const [path, owners] of Object.entries(cases)) assert.equal(told('github', text, path), owners, path);
  assert.deepEqual(parseCodeowners(text, 'github').mistakes, []);
});

test('GitHub: lines that it does not take are mistakes, and the rest still counts', () => {
  const { mistakes, ownersOf } = parseCodeowners('* @all\n!x @a\nf[ab] @a\n\\#x @a\nsrc/ someone @b', 'github');
  assert.deepEqual(
    mistakes.map(({ line }) => line),
    [2, 3, 4, 5],
  );
  assert.match(mistakes[3]?.message ?? '', /"someone": not an owner/);
  assert.equal(ownersOf('x')[0]?.owners[0], '@all');
});

test('GitLab: every section is asked, the last line of each counts, optional ones only inform, exclusions win', () => {
  const text = [
    '* @all',
    'README.md @readers',
    '[Docs][2] @docs-team',
    'docs/',
    '/docs/own.md @own',
    '!/docs/free.md',
    '^[Nice to have] @nobody',
    '*.md',
    '[docs] @more',
    '*.txt',
    '[Roots]',
    '/config/* @@maintainer',
    '[a-c].rb @classes',
    '\\#hash @hash',
  ].join('\n');
  const cases = {
    'a/README.md': '@readers',
    'x/docs/a/b.md': '@all & Docs: @docs-team (2)',
    'docs/own.md': '@all & Docs: @own (2)',
    'docs/free.md': '@all',
    'n.txt': '@all & Docs: @more (2)',
    'config/a': '@all & Roots: @@maintainer',
    'config/a/b': '@all',
    'x/b.rb': '@all & Roots: @classes',
    'd.rb': '@all',
    '#hash': '@all & Roots: @hash',
    // No folder is meant by a path without a slash at its end.
    'README.md/x': '@all',
  };
  for (const [path, owners] of Object.entries(cases)) assert.equal(told('gitlab', text, path), owners, path);
  assert.deepEqual(parseCodeowners(text, 'gitlab').mistakes, []);
});

test('Gitea: expressions over the whole path, all that match count, and an exclamation mark turns one round', () => {
  const text = ['.*\\\\.js @js', '!docs/.* @code', '(?i)docs/.* org/writers # owners of documents', 'x\\#y @hash'].join('\n');
  assert.equal(told('gitea', text, 'a/b.js'), '@js & @code');
  assert.equal(told('gitea', text, 'DOCS/x'), '@code & @org/writers');
  assert.equal(told('gitea', text, 'docs/x'), '@org/writers');
  assert.equal(told('gitea', text, 'x#y'), '@code & @hash');
  assert.equal(told('gitea', text, 'bjs'), '@code');
  const { mistakes } = parseCodeowners('( @a\nx\n', 'gitea');
  assert.deepEqual(
    mistakes.map(({ line }) => line),
    [1, 2],
  );
});

test('Gitea: an expression that takes for ever is cut off and told', () => {
  const owners = parseCodeowners('(a+)+b @slow', 'gitea');
  assert.throws(() => owners.ownersOf('a'.repeat(60)), { code: 'CODEOWNERS_SLOW' });
});

test('GitHub and GitLab: patterns full of stars stay quick', () => {
  for (const syntax of ['github', 'gitlab'] as const) {
    const owners = parseCodeowners(`${'*a'.repeat(30)}/**/${'**/'.repeat(20)}x @a`, syntax);
    const since = performance.now();
    owners.ownersOf(`${'a/'.repeat(200)}${'a'.repeat(2_000)}`);
    assert.ok(performance.now() - since < 5_000);
  }
});
