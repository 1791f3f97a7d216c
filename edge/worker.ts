// The door: what the platform calls. No logic here; wiring.ts makes the parts and router.ts chooses among them.

export { LinkObject } from './link/object.ts';
export { SpoolObject } from './spool/object.ts';

export default {
  fetch(): Response {
    return new Response('not wired yet', { status: 503 });
  },
};
