import { journalContract } from './contract/index.ts';
import { sqliteStore } from './sqlite-place.ts';

journalContract(sqliteStore);
