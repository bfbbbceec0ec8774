import { runVectors } from './vectors/run-vectors.ts';

process.exitCode = runVectors(process.argv.slice(2), (line) => {
  console.log(line);
});
