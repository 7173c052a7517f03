defmodule PhxproofTarget.Store do
  @moduledoc """
  Annotations in a DETS file. What `add/4` returned is on disk: it outlives the server,
  however that ends. Ids grow over all videos and are never used again.
  """
  use GenServer

  def start_link(opts), do: GenServer.start_link(__MODULE__, opts, name: __MODULE__)

  @doc "Stores an annotation and returns it with its new id."
  def add(video, user, body, at), do: GenServer.call(__MODULE__, {:add, video, user, body, at})

  @doc "The annotations of a video whose id is greater, by `at` and then by id."
  def after_id(video, id), do: GenServer.call(__MODULE__, {:after_id, video, id})

  @impl true
  def init(opts) do
    file = opts |> Keyword.fetch!(:file) |> String.to_charlist()
    {:ok, table} = :dets.open_file(__MODULE__, file: file, type: :set)
    :dets.insert_new(table, {:last_id, 0})
    {:ok, table}
  end

  @impl true
  def handle_call({:add, video, user, body, at}, _from, table) do
    id = :dets.update_counter(table, :last_id, 1)
    annotation = %{id: id, at: at, body: body, user: %{username: user}}
    :ok = :dets.insert(table, {id, video, annotation})
    :ok = :dets.sync(table)
    {:reply, annotation, table}
  end

  def handle_call({:after_id, video, id}, _from, table) do
    later = {{:"$1", video, :"$2"}, [{:>, :"$1", id}], [:"$2"]}
    {:reply, table |> :dets.select([later]) |> Enum.sort_by(&{&1.at, &1.id}), table}
  end
end
