import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkToFile } from '../../src/githost/index.ts';

const place = { sha: 'a1'.repeat(20), path: 'runbooks/a b#c?.yaml', line: 7 };

test('links lead to a line of a file of the commit, on each host as that host writes them', () => {
  const file = 'runbooks/a%20b%23c%3F.yaml';
  const told = (kind: 'github' | 'gitlab' | 'gitea' | 'bitbucket' | 'bare', url: string) => linkToFile({ kind }, { url }, place);
  assert.equal(told('github', 'https://github.test/o/r/pull/3'), `https://github.test/o/r/blob/${place.sha}/${file}#L7`);
  assert.equal(told('gitlab', 'https://gitlab.test/g/s/r/-/merge_requests/3'), `https://gitlab.test/g/s/r/-/blob/${place.sha}/${file}#L7`);
  assert.equal(told('gitea', 'https://gitea.test/o/pulls/pulls/3'), `https://gitea.test/o/pulls/src/commit/${place.sha}/${file}#L7`);
  assert.equal(
    told('bitbucket', 'https://bb.test/projects/P/repos/r/pull-requests/3/overview'),
    `https://bb.test/projects/P/repos/r/browse/${file}?at=${place.sha}#7`,
  );
  assert.equal(told('bare', 'https://x.test/o/r/pull/3'), undefined);
  assert.equal(told('github', 'not an address'), undefined);
});
