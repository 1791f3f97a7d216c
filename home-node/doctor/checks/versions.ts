// Do the parts fit together: this Node, the home node that runs, and the edge?

import { linkVersions } from '../../../shared/link/frames.ts';
import { type Check, fault, type Result, unchecked, warning, well } from '../check.ts';

/** The oldest whose built-in SQLite needs no flag. */
const oldestNode: readonly [major: number, minor: number] = [22, 19];

export const nodeVersionCheck: Check = {
  name: 'runtime',
  about: "Node's version",
  needs: 'nothing',
  run: async (_, { nodeVersion }) => await Promise.resolve([runtimeResult(nodeVersion)]),
};

function runtimeResult(version: string): Result {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldestMajor, oldestMinor] = oldestNode;
  const isOld = major < oldestMajor || (major === oldestMajor && minor < oldestMinor);
  if (!isOld) return well('Node', version);
  return fault(
    'Node',
    version,
    `Install Node ${oldestMajor}.${oldestMinor} or later, and start the home node again with it.`,
  );
}

export const versionsCheck: Check = {
  name: 'versions',
  about: 'whether home and edge fit together',
  needs: 'network',
  run: async ({ config, node, programVersion, reach }) => {
    const results: Result[] = [];
    if (node !== null && node.version !== programVersion) {
      results.push(
        warning(
          'home node',
          `the one that runs is ${node.version}, this program is ${programVersion}`,
          'Start the home node again, so that it is the program that is installed.',
        ),
      );
    }
    const reached = await reach(new URL(config.edge).host);
    if (reached.reached === 'older-edge') {
      results.push(warning(config.edge, 'an edge that does not say its version yet', 'Have its operator update it.'));
    } else if (reached.reached === 'edge') {
      results.push(edgeResult(config.edge, programVersion, reached.says));
    } else {
      results.push(unchecked(config.edge, 'no edge answers there'));
    }
    return results;
  },
};

function edgeResult(
  edge: string,
  programVersion: string,
  says: { readonly version: string; readonly build: string; readonly linkVersions: readonly number[] },
): Result {
  const found = `home is ${programVersion}, the edge ${says.version} (build ${says.build})`;
  const shared = linkVersions.filter((version) => says.linkVersions.includes(version));
  if (shared.length === 0) {
    return fault(
      edge,
      `${found}: they have no version of the link in common`,
      `Update ${isOlder(programVersion, says.version) ? 'Porchlight at home' : 'the edge'}.`,
    );
  }
  if (programVersion === says.version) return well(edge, `${found}; link version ${Math.max(...shared)}`);
  return warning(
    edge,
    `${found}; link version ${Math.max(...shared)}`,
    `They work together; update ${isOlder(programVersion, says.version) ? 'Porchlight at home' : 'the edge'} when it suits you.`,
  );
}

/** By numbers, as 1.2.3; what is no number counts as 0. */
function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split(/[.-]/).map((part) => Number(part) || 0));
  const at = (left ?? []).findIndex((number, index) => number !== (right?.[index] ?? 0));
  return at === -1 ? false : (left?.[at] ?? 0) < (right?.[at] ?? 0);
}
