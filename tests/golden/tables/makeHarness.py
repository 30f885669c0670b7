"""Writes harness/: the sweep of metrics-*.csv as results files of lm-evaluation-harness.

    python makeHarness.py

The layout is that of lm_eval 0.4.13: `results` with "metric,filter" and its standard error, "N/A"
where there is none, `higher_is_better`, `config`, `model_name`; one file per model, in a folder by
its sanitised name. Each domain is a task, given by another metric of the same loss.
"""
import csv
import json
import math
import shutil
from pathlib import Path

here = Path(__file__).parent
METRICS = {
    "bits_per_byte": lambda loss: loss / math.log(2),
    "byte_perplexity": math.exp,
    "word_perplexity": math.exp,
}


def task_result(task, metric, loss):
    return {"alias": task, "sample_len": 62, f"{metric},none": METRICS[metric](loss), f"{metric}_stderr,none": "N/A",
            "acc,none": 0.25, "acc_stderr,none": 0.012}


def write(size, run, losses):
    results = {task: task_result(task, metric, loss) for (task, loss), metric in zip(losses, METRICS) if loss is not None}
    name = f"runs/{size}/{run}/hf"
    # Newer versions write the arguments as an object, older ones as text.
    pretrained = {"pretrained": name, "dtype": "float32"} if size == "1m" else f"pretrained={name},dtype=float32"
    content = {
        "results": results,
        "group_subtasks": {task: [] for task in results},
        "versions": {task: 1.0 for task in results},
        "n-shot": {task: 0 for task in results},
        "higher_is_better": {task: {metric: False, "acc": True} for task, metric in zip(results, METRICS)},
        "n-samples": {task: {"original": 62, "effective": 62} for task in results},
        "config": {"model": "hf", "model_args": pretrained, "batch_size": "8", "random_seed": 0},
        "git_hash": "0000000", "date": 1790000000.5, "lm_eval_version": "0.4.13",
        "model_source": "hf", "total_evaluation_time_seconds": "81.4",
    }
    if size == "1m":
        content |= {"model_name": name, "model_name_sanitized": name.replace("/", "__")}
    folder = here / "harness" / size / name.replace("/", "__")
    folder.mkdir(parents=True)
    (folder / "results_2026-09-21T10-11-12.345678.json").write_text(json.dumps(content))


shutil.rmtree(here / "harness", ignore_errors=True)
for size in ("1m", "1B"):
    for row in csv.DictReader(open(here / f"metrics-{size}.csv")):
        run = row.pop("index")
        task = lambda column: column.removeprefix("metric/the_pile_").removesuffix("_val_loss")
        write(size, run, [(task(column), float(value) if value else None) for column, value in row.items()])
