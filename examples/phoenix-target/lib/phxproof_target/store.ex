defmodule PhxproofTarget.Store do
  @moduledoc """
  Annotations on disk, in a DETS file, and beside it an index in memory, by video and id. What `add/4`
  returned is on disk: it outlives the server, however that ends. Ids grow and are never used again.

  The index is an ordered ETS table that is filled when the store starts. `after_id/2` reads it in the
  process that asks, and steps only through what it returns: how long the file is does not matter.
  """
  use GenServer

  @index __MODULE__.Index

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)

  @doc "Stores an annotation and returns it with its new id."
  def add(video, user, body, at), do: GenServer.call(__MODULE__, {:add, video, user, body, at})

  @doc "The annotations of a video whose id is greater, by `at` and then by id."
  def after_id(video, id), do: video |> later(id, []) |> Enum.sort_by(&{&1.at, &1.id})

  defp later(video, id, found) do
    with {^video, next} = key <- :ets.next(@index, {video, id}),
         [{^key, annotation}] <- :ets.lookup(@index, key) do
      later(video, next, [annotation | found])
    else
      _other_video_or_end -> found
    end
  end

  @impl true
  def init(opts) do
    file = opts |> Keyword.fetch!(:file) |> String.to_charlist()
    {:ok, table} = :dets.open_file(__MODULE__, file: file, type: :set)
    :dets.insert_new(table, {:last_id, 0})
    :ets.new(@index, [:ordered_set, :named_table, read_concurrency: true])
    :dets.traverse(table, &index/1)
    {:ok, table}
  end

  @impl true
  def handle_call({:add, video, user, body, at}, _from, table) do
    id = :dets.update_counter(table, :last_id, 1)
    row = {id, video, %{id: id, at: at, body: body, user: %{username: user}}}
    :ok = :dets.insert(table, row)
    :ok = :dets.sync(table)
    index(row)
    {:reply, elem(row, 2), table}
  end

  defp index({:last_id, _id}), do: :continue

  defp index({id, video, annotation}) do
    :ets.insert(@index, {{video, id}, annotation})
    :continue
  end
end
