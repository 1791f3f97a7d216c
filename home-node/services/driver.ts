// The contract of a driver: how one service is run, or merely found. The supervisor asks whether it answers.

export interface Driver {
  /** The service's name in porchlight.toml. */
  readonly name: string;
  /** Whether this driver runs the service, or somebody else does. */
  readonly driver: 'process' | 'external';
  /**
   * Starts what is this driver's to start and keeps it running; again after a stop, too. `onChange` is called when
   * `origin` may have changed.
   */
  start(onChange: () => void): void;
  /** It has no origin for a moment because it is being started, not because it fails. */
  readonly isStarting?: boolean;
  /** Origin on loopback as far as the driver knows; null while the service is surely not there. */
  origin(): string | null;
  /** Ends what it started; resolves when that is gone. */
  stop(): Promise<void>;
}
