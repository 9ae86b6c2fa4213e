import assert from 'node:assert/strict';
import { test } from 'node:test';
import { factsIn, hostOf } from '../../src/plan/policy/estate.ts';

test('policies see what hosts said of themselves when the plan was made, and which weak algorithms they may use', () => {
  const facts = factsIn({
    'a/facts': {
      type: 'hosts',
      hosts: [
        { host: 'web', verdict: 'ok', facts: { osId: 'debian' } },
        { host: 'gone', verdict: 'unreachable' },
      ],
    },
    'b/facts': { type: 'hosts', hosts: [{ host: 'web', verdict: 'ok', facts: { cpus: 4 } }] },
    'b/note': { type: 'note', text: 'x' },
  });
  assert.deepEqual([...facts], [['web', { osId: 'debian', cpus: 4 }]]);
  const planned = { name: 'web', address: 'web', port: 22, user: 'ops', groups: [], vars: {}, jump: [], hostKeys: ['ssh-ed25519 AAAA'] };
  assert.deepEqual(hostOf({ ...planned, legacy: ['3des-cbc'], shell: 'powershell' }, facts.get('web')), {
    ...{ name: 'web', address: 'web', port: 22, user: 'ops', groups: [], vars: {}, jump: [], pinnedHostKeys: 1 },
    ...{ shell: 'powershell', legacy: ['3des-cbc'], facts: { osId: 'debian', cpus: 4 } },
  });
  assert.equal('facts' in hostOf(planned, facts.get('gone')), false);
});
