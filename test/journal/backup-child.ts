import { writeSync } from 'node:fs';
import { systemClock } from '../../src/core/index.ts';
import { backUpSqlite, restoreSqlite } from '../../src/journal/index.ts';
import { VAULT_KEY } from './contract/place.ts';

// Makes a backup or restores one, and may be killed meanwhile.
const [what = '', dir = '', file = ''] = process.argv.slice(2);
writeSync(1, 'begins\n');
if (what === 'backup') await backUpSqlite({ dir, clock: systemClock }, file);
else await restoreSqlite({ dir, file, clock: systemClock, replace: true, vaultKey: VAULT_KEY, fences: [] });
