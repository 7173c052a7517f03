defmodule PhxproofBeam do
  @moduledoc """
  Gives phxproof the figures of this Erlang VM while it is under load: schedulers, run queue, processes, mailboxes, memory, ETS
  and the pools of Ecto.

  Copy this file into the `lib/` of your application (it needs no dependency) and start it in its supervision tree:

      {PhxproofBeam, port: 9400}

  It listens on 127.0.0.1 only. Without `:port` the port is that of `PHXPROOF_BEAM_PORT`, else any free one, which is logged. Each
  line `stats` that a client sends is answered by one line of JSON. It measures nothing while nobody asks.
  """

  use Supervisor

  @doc "Starts it. `:port` is the port on which it listens."
  def start_link(options \\ []), do: Supervisor.start_link(__MODULE__, options, name: __MODULE__)

  @impl true
  def init(options) do
    children = [
      {Task.Supervisor, name: PhxproofBeam.Connections},
      PhxproofBeam.Sampler,
      {PhxproofBeam.Listener, options}
    ]

    Supervisor.init(children, strategy: :rest_for_one)
  end

  @doc "The port on which it listens."
  def port, do: GenServer.call(PhxproofBeam.Listener, :port)
end

defmodule PhxproofBeam.Listener do
  @moduledoc false
  use GenServer
  require Logger

  def start_link(options), do: GenServer.start_link(__MODULE__, options, name: __MODULE__)

  @impl true
  def init(options) do
    wanted = Keyword.get_lazy(options, :port, &port_of_environment/0)
    local = {127, 0, 0, 1}
    how = [:binary, packet: :line, active: false, ip: local, reuseaddr: true, backlog: 8]

    case :gen_tcp.listen(wanted, how) do
      {:ok, socket} ->
        {:ok, port} = :inet.port(socket)
        Logger.info("phxproof can ask for the figures of this VM: --beam 127.0.0.1:#{port}")
        Task.Supervisor.start_child(PhxproofBeam.Connections, fn -> accept(socket) end, restart: :transient)
        {:ok, %{socket: socket, port: port}}

      {:error, why} ->
        {:stop, {:cannot_listen, local, wanted, why}}
    end
  end

  @impl true
  def handle_call(:port, _from, state), do: {:reply, state.port, state}

  defp port_of_environment, do: String.to_integer(System.get_env("PHXPROOF_BEAM_PORT", "0"))

  defp accept(socket) do
    case :gen_tcp.accept(socket) do
      {:ok, client} ->
        {:ok, pid} = Task.Supervisor.start_child(PhxproofBeam.Connections, fn -> begin(client) end)
        # A socket is closed when its owner ends. The connection may have ended already.
        :gen_tcp.controlling_process(client, pid)
        send(pid, :yours)
        accept(socket)

      {:error, _closed} ->
        :ok
    end
  end

  defp begin(client) do
    receive do
      :yours -> serve(client)
    end
  end

  defp serve(client) do
    with {:ok, line} <- :gen_tcp.recv(client, 0),
         :ok <- :gen_tcp.send(client, [answer(String.trim(line)), ?\n]) do
      serve(client)
    else
      {:error, _closed} -> :gen_tcp.close(client)
    end
  end

  defp answer("stats"), do: PhxproofBeam.JSON.encode(PhxproofBeam.Sampler.sample())
  defp answer(_other), do: PhxproofBeam.JSON.encode(%{phxproof_beam: 1, error: "say: stats"})
end

defmodule PhxproofBeam.Sampler do
  @moduledoc false
  use GenServer

  # A sample that is younger is sent again, so that more clients cost nothing more.
  @youngest_ms 500
  # The time that a sample looks at mailboxes. The next one goes on with the processes that are left.
  @look_us 10_000
  @longest 5

  def start_link(_), do: GenServer.start_link(__MODULE__, [], name: __MODULE__)

  @doc "The figures of the last second or so."
  def sample, do: GenServer.call(__MODULE__, :sample, 10_000)

  @impl true
  def init(_) do
    # It is counted as long as this process lives.
    :erlang.system_flag(:scheduler_wall_time, true)
    # Its work is bounded. Among many busy processes it would be late otherwise.
    Process.flag(:priority, :high)
    {:ok, %{at: now(), busy: busy(), sample: nil, left: [], known: [], repos: %{}}}
  end

  @impl true
  def handle_call(:sample, _from, %{sample: %{} = sample, at: at} = state) do
    if now() - at < @youngest_ms, do: {:reply, sample, state}, else: measure(state)
  end

  def handle_call(:sample, _from, state), do: measure(state)

  defp measure(state) do
    at = now()
    busy = busy()
    {looked_at, longest, left} = mailboxes(state)
    {repos, pools} = PhxproofBeam.Pools.measure(state.repos)

    sample = %{
      phxproof_beam: 1,
      otp: to_string(:erlang.system_info(:otp_release)),
      interval_ms: at - state.at,
      schedulers: :erlang.system_info(:schedulers_online),
      utilization: utilization(state.busy, busy),
      run_queue: :erlang.statistics(:total_run_queue_lengths),
      processes: :erlang.system_info(:process_count),
      process_limit: :erlang.system_info(:process_limit),
      ports: :erlang.system_info(:port_count),
      port_limit: :erlang.system_info(:port_limit),
      ets_tables: :erlang.system_info(:ets_count),
      memory: Map.new(:erlang.memory([:total, :processes, :binary, :ets])),
      mailboxes_looked_at: looked_at,
      mailboxes: for({length, pid} <- longest, do: %{name: name(pid), messages: length}),
      pools: pools
    }

    known = Enum.map(longest, &elem(&1, 1))
    {:reply, sample, %{state | at: at, busy: busy, sample: sample, left: left, known: known, repos: repos}}
  end

  defp now, do: System.monotonic_time(:millisecond)

  # The schedulers of processes, without those for dirty work, which come after them.
  defp busy do
    online = :erlang.system_info(:schedulers_online)
    for {number, active, total} <- :erlang.statistics(:scheduler_wall_time), number <= online, do: {active, total}
  end

  # The part of the time in which schedulers worked. Waiting in a loop for work is no work.
  defp utilization(before, now) do
    [before, now] = for list <- [before, now], do: {sum(list, 0), sum(list, 1)}
    lasted = elem(now, 1) - elem(before, 1)
    if lasted > 0, do: Float.round((elem(now, 0) - elem(before, 0)) / lasted, 4), else: 0.0
  end

  defp sum(list, place), do: list |> Enum.map(&elem(&1, place)) |> Enum.sum()

  # The longest mailboxes among those that were longest before and as many others as there is time for. To look at a process that is
  # busy takes until it is scheduled.
  defp mailboxes(state) do
    left = if state.left == [], do: Process.list(), else: state.left
    deadline = System.monotonic_time(:microsecond) + @look_us
    look(state.known ++ (left -- state.known), deadline, 0, [])
  end

  defp look([], _deadline, looked_at, longest), do: {looked_at, longest, []}

  defp look([pid | left] = all, deadline, looked_at, longest) do
    if System.monotonic_time(:microsecond) > deadline,
      do: {looked_at, longest, all},
      else: look(left, deadline, looked_at + 1, longest(pid, longest))
  end

  # All clients ask this process, so its own mailbox says nothing.
  defp longest(pid, longest) when pid == self(), do: longest

  defp longest(pid, longest) do
    case Process.info(pid, :message_queue_len) do
      {_, length} when length > 0 -> Enum.take(Enum.sort([{length, pid} | longest], :desc), @longest)
      _empty_or_gone -> longest
    end
  end

  defp name(pid) do
    case Process.info(pid, :registered_name) do
      {:registered_name, name} when is_atom(name) -> inspect(name)
      _unregistered -> "#{first_call(pid)} #{inspect(pid)}"
    end
  end

  defp first_call(pid) do
    {module, function, arity} = :proc_lib.translate_initial_call(pid)
    Exception.format_mfa(module, function, arity)
  end
end

defmodule PhxproofBeam.Pools do
  @moduledoc false
  # The pools of all repos of Ecto that run, if the application has Ecto: how many connections are idle, how many processes wait for
  # one (DBConnection 2.7 or later), and how long queries waited (by telemetry).

  @patience_ms 500

  @doc "The repos whose queries are counted, and a map for each pool."
  def measure(counted) do
    repos = repos()
    counted = Enum.reduce(repos, counted, &Map.put_new_lazy(&2, &1, fn -> count(&1) end))
    {counted, Enum.map(repos, &pool(&1, counted[&1]))}
  end

  defp repos do
    # Repos that were started under another name have no module whose settings could be read.
    all = if Process.whereis(Ecto.Repo.Registry), do: apply(Ecto.Repo, :all_running, []), else: []
    Enum.filter(all, &(is_atom(&1) and there?(&1, :config, 0)))
  end

  defp there?(module, function, arity), do: Code.ensure_loaded?(module) and function_exported?(module, function, arity)

  # Queries, the time that they waited for a connection, and the longest wait: one counter each.
  defp count(repo) do
    counters = :counters.new(3, [])
    event = Keyword.fetch!(repo.config(), :telemetry_prefix) ++ [:query]

    if there?(:telemetry, :attach, 4) do
      # If the sampler was restarted, the handler still counts for the one before.
      apply(:telemetry, :detach, [{__MODULE__, repo}])
      apply(:telemetry, :attach, [{__MODULE__, repo}, event, &__MODULE__.queried/4, counters])
    end

    counters
  end

  @doc false
  def queried(_event, measured, _metadata, counters) do
    waited = System.convert_time_unit(measured[:queue_time] || 0, :native, :microsecond)
    :counters.add(counters, 1, 1)
    :counters.add(counters, 2, waited)
    # Two queries at the same instant may lose the shorter wait, or keep it: the figure is a hint.
    if waited > :counters.get(counters, 3), do: :counters.put(counters, 3, waited)
  end

  defp pool(repo, counters) do
    figures = for number <- 1..3, do: :counters.get(counters, number)
    for number <- 1..3, do: :counters.sub(counters, number, Enum.at(figures, number - 1))
    [queries, waited, longest] = figures

    Map.merge(
      %{
        name: inspect(repo),
        size: repo.config()[:pool_size],
        queries: queries,
        queue_us_mean: if(queries > 0, do: div(waited, queries), else: 0),
        queue_us_max: longest
      },
      connections(repo)
    )
  end

  # A pool that does not answer in time has no `idle` and no `waiting`.
  defp connections(repo) do
    task = Task.async(fn -> ask(repo) end)

    case Task.yield(task, @patience_ms) || Task.shutdown(task, :brutal_kill) do
      {:ok, [_ | _] = all} ->
        sum = fn key -> all |> Enum.map(&Map.fetch!(&1, key)) |> Enum.sum() end
        %{idle: sum.(:ready_conn_count), waiting: sum.(:checkout_queue_length)}

      _ ->
        %{}
    end
  end

  defp ask(repo) do
    if there?(DBConnection, :get_connection_metrics, 2) do
      %{pid: pool} = meta = apply(Ecto.Adapter, :lookup_meta, [repo])
      apply(DBConnection, :get_connection_metrics, [pool, Map.get(meta, :opts, [])])
    else
      []
    end
  catch
    # The repo is being stopped or started.
    _kind, _reason -> []
  end
end

defmodule PhxproofBeam.JSON do
  @moduledoc false
  # As much of JSON as the figures need; Elixir has an encoder of its own only since 1.18.

  def encode(map) when is_map(map) do
    ["{", map |> Enum.map(fn {key, value} -> [encode(to_string(key)), ":", encode(value)] end) |> Enum.intersperse(","), "}"]
  end

  def encode(list) when is_list(list), do: ["[", list |> Enum.map(&encode/1) |> Enum.intersperse(","), "]"]
  def encode(nil), do: "null"
  def encode(number) when is_integer(number), do: Integer.to_string(number)
  def encode(number) when is_float(number), do: Float.to_string(number)
  # Names of processes are inspected, so a backslash and a quote are all that JSON would read otherwise. Other characters are rare, and become a dot.
  def encode(text) when is_binary(text) do
    plain = String.replace(text, ~r/[^ -~]/u, ".")
    [?", plain |> String.replace("\\", "\\\\") |> String.replace("\"", "\\\""), ?"]
  end
end
