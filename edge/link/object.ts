import { DurableObject } from 'cloudflare:workers';

export class LinkObject extends DurableObject {}
