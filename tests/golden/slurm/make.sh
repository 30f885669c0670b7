#!/bin/bash
# make.sh > sacct.txt: what `sacct` says of elements that ended in every way that a small cluster can bring about.
# Wants a running cluster with slurmdbd and two nodes named in SLURM_CONF, idle, with `TaskPlugin=task/cgroup` and
# `ConstrainRAMSpace=yes` (memory is held to), `JobAcctGatherType=jobacct_gather/linux`, `KillWait=5`. About a minute.
set -euo pipefail
folder=$(mktemp -d)
cat > "$folder/element.sh" <<'ELEMENT'
#!/bin/bash
case $SLURM_ARRAY_TASK_ID in
0) sleep 2 ;;
1) exit 3 ;;
2) kill -9 $$ ;;
3) exec python3 -c 'import time
held = []
for _ in range(60): held.append(bytearray(5 << 20)); time.sleep(0.15)' ;;
4) [ -n "${SLURM_RESTART_COUNT:-}" ] || { scontrol requeue "${SLURM_ARRAY_JOB_ID}_4"; sleep 30; } ;;
*) exec sleep 300 ;;
esac
ELEMENT
submit() { sbatch --parsable --job-name=assay-0123456789ab --mem=150M --output=/dev/null "$@" "$folder/element.sh"; }
until_state() { for _ in $(seq 600); do [ "$(squeue -h -r -t all -j "$1" -o %T)" = "$2" ] && return; sleep 0.1; done; return 1; }

ends=$(submit --array=0-4)
times=$(submit --array=5 --time=2)
until_state "${times}_5" RUNNING
# Its time is up at the next turn of the controller's loop, which takes up to 30 s.
scontrol update "JobId=${times}_5" EndTime=now+1
until_state "${times}_5" TIMEOUT
cancelled=$(submit --array=6)
until_state "${cancelled}_6" RUNNING
scancel "${cancelled}_6"
never=$(submit --array=7-9 --begin=now+600)
scancel "$never"
lost=$(submit --array=10 --no-requeue)
until_state "${lost}_10" RUNNING
node=$(squeue -h -j "${lost}_10" -o %N)
scontrol update "nodename=$node" state=down reason=test
scontrol update "nodename=$node" state=resume
runs=$(submit --array=11-12)
until_state "${runs}_11" RUNNING
sleep 8
echo "# $(sacct --version); numbers of the arrays: $ends $times $cancelled $never $lost $runs"
for array in $ends $times $cancelled $never $lost $runs; do
  sacct -n -P -j "$array" --format=JobID,State,ExitCode,NodeList,ReqMem,MaxRSS,JobName
done
scancel "$runs"
rm -r "$folder"
