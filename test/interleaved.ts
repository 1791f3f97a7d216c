// The order of the test files. Those of one project need the same of the machine: journeys wait for processes that start
// and for time to pass, what runs inside workerd computes. So the files of all projects are mixed: at any time some wait
// while others compute, and the last files of all are small ones.

import { BaseSequencer, type TestSpecification } from 'vitest/node';

export class Interleaved extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // Vitest's own order within a project: what failed, then what takes long, as far as that is known.
    const byProject = Map.groupBy(await super.sort(files), ({ project }) => project.name);
    const placed = [...byProject.values()].flatMap((own) =>
      own.map((file, at) => ({ file, place: placeOf(file, (at + 0.5) / own.length) })),
    );
    return placed.sort((a, b) => a.place - b.place).map(({ file }) => file);
  }
}

/** Those that share a worker come first and in a row: a worker ends when a file of another kind is next. */
function placeOf({ project }: TestSpecification, share: number): number {
  return project.config.isolate ? share : share - 1;
}
