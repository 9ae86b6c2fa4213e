export { sshPackage } from './package.ts';
