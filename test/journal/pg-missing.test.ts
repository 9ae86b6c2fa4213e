import assert from 'node:assert/strict';
import { registerHooks } from 'node:module';
import { test } from 'node:test';
import { systemClock } from '../../src/core/index.ts';

test('the client of PostgreSQL is loaded when a journal in one is opened, and not before; without it, it is said what to install', async () => {
  let asked = 0;
  const hooks = registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier !== 'pg') return next(specifier, context);
      asked += 1;
      throw Object.assign(new Error(`cannot find package 'pg'`), { code: 'ERR_MODULE_NOT_FOUND' });
    },
  });
  try {
    const { openPostgresJournal } = await import('../../src/journal/index.ts');
    await import('../../src/store/index.ts');
    await import('../../src/wire.ts');
    assert.equal(asked, 0);
    const connection = { host: 'localhost', port: 1, database: 'd', user: 'u', schema: 's', tls: { mode: 'off' } } as const;
    await assert.rejects(openPostgresJournal({ connection, clock: systemClock, vaultKey: { from: 'nowhere' } }), {
      code: 'PG_MISSING',
      hint: 'npm install pg',
    });
    assert.equal(asked, 1);
  } finally {
    hooks.deregister();
  }
});
