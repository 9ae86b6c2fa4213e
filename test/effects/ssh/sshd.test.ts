import { after, before, it } from 'node:test';
import { type Sshd, startSshd, whyNoSshd } from '../../support/sshd.ts';
import { contract } from './contract.ts';

const missing = whyNoSshd();
if (missing === undefined) {
  let sshd: Sshd;
  before(async () => {
    sshd = await startSshd();
  });
  after(() => sshd.stop());
  contract('OpenSSH', () => ({ host: sshd.host, folder: sshd.dir, dropConnections: () => sshd.dropConnections() }));
} else {
  it('says that OpenSSH was not tried', (context) => {
    context.diagnostic(`THE REAL SSH SERVER IS NOT AVAILABLE: ${missing}; only the rehearsed host was tried`);
  });
}
