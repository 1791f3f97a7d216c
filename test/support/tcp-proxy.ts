// A wire that can be cut: bytes go to and fro between a port and another, until cut() breaks every connection at
// once, as a router that loses power does, or freeze() makes them half-open, as one that forgets whose they are.

import { connect, createServer, type Server, type Socket } from 'node:net';

export class Wire {
  private readonly sockets = new Set<Socket>();
  private readonly server: Server;

  private constructor(target: number) {
    this.server = createServer((near) => {
      const far = connect(target, '127.0.0.1');
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.sockets.add(socket);
        socket.pipe(other);
        // A reset on one side is passed on as a reset: that is what a cut looks like from the other end.
        socket.on('error', () => other.resetAndDestroy());
        socket.on('close', () => {
          this.sockets.delete(socket);
          other.destroy();
        });
      }
    });
  }

  static async open(port: number, target: number): Promise<Wire> {
    const wire = new Wire(target);
    await new Promise<void>((resolve, reject) => {
      wire.server.once('error', reject);
      wire.server.listen(port, '127.0.0.1', resolve);
    });
    return wire;
  }

  cut(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** What is open now becomes half-open: nothing is passed on, and nobody is told. Connections that come later are passed on. */
  freeze(): void {
    for (const socket of this.sockets) {
      socket.unpipe();
      socket.pause();
    }
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }
}
