import { DurableObject } from 'cloudflare:workers';

export class SpoolObject extends DurableObject {}
