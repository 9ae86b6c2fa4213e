export { type ChannelsOptions, createChannels } from './channels.ts';
export { createNotify, type NotifyOptions } from './notify.ts';
