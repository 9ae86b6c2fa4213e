export { sshService } from './service.ts';
