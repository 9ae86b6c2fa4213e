import { settingIn } from './crash-scenario.ts';
import { drive } from './support.ts';

// Drives the run of crash-scenario.ts and kills itself, without any chance to clean up, at the n-th boundary of the journal. With "freeze" it stops instead.
const [dir = '', nth = '0', how = 'kill'] = process.argv.slice(2);
let count = 0;
await using setting = await settingIn(dir, 'test:child', {
  onBoundary: () => {
    if (++count === Number(nth)) process.kill(process.pid, how === 'freeze' ? 'SIGSTOP' : 'SIGKILL');
  },
});
try {
  const { state } = await drive({ ...setting, ...(how === 'freeze' ? { leaseTtlMs: 300 } : {}) });
  process.stdout.write(`${state} ${count}`);
} catch (cause) {
  process.stdout.write(cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause));
}
