export { sshArchive } from './archive.ts';
