// Part of porchlight-hook for Node before 22.15, where modules are loaded in a thread of their own.

import modules from './porchlight-modules.cjs';

export async function load(url, context, nextLoad) {
  const wrapper = modules.wrapperFor(url);
  if (wrapper !== null) return { format: 'module', source: wrapper, shortCircuit: true };
  return modules.rewritten(url, await nextLoad(url, context));
}
